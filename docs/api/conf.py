"""How `make docs` makes the page of the Python API."""

project = "egraph"
author = "the egraph authors"
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "alabaster"
html_theme_options = {"description": "what a trained CNN holds, as a graph", "page_width": "70rem"}
html_sidebars = {"**": ["about.html", "localtoc.html"]}
html_copy_source = False
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
napoleon_google_docstring = True
maximum_signature_line_length = 90
