"""People mark explanations: a sample is drawn, sheets are written, read back and compared.

::

    BUILD/annotation/NAME/
      sample.jsonl        the rows that were drawn
      sample.json         how: seed, size, shares, scheme; what the sheets are held against
      ANNOTATOR.xlsx      a sheet for a spreadsheet program
      ANNOTATOR.html      the same for a browser, without any network
      report.json         what became of the sheets: means, agreement, problems
      marks.csv           a row per item and annotator
      disagreements.csv   marks that lie two or more apart

The names of the criteria and the scale of 0 to 3 are those of the human evaluation in the MentaLLaMA
paper (arXiv 2309.13567).
"""
