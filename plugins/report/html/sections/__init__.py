"""The sections of the page: each module makes the values of one, the template of the same name
shows them. All keep the order of :meth:`~imhi.plugins.report.html.material.Material.ordered`."""
