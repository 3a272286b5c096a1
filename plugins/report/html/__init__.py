"""The HTML report: one file that asks nothing of the network.

* :mod:`~imhi.plugins.report.html.material`: everything read once: the comparison, manifests, columns.
* :mod:`~imhi.plugins.report.html.sections`: what each section shows, made from the material.
* :mod:`~imhi.plugins.report.html.page`: the sections put together.
* :mod:`~imhi.plugins.report.html.drawing`: pictures that take their colours from the page.
* :mod:`~imhi.plugins.report.html.harmless`: what may be shown of names, places and errors.
* :mod:`~imhi.plugins.report.html.assets`: style sheet and scripts, DataTables among them.

Without ``with_posts`` no text of a post, of a reference or of an answer is in the page.
"""
