"""How the documentation is built: `just docs`, warnings as errors."""

from gigaplan import __version__

project = "gigaplan"
author = "The gigaplan authors"
copyright = author  # noqa: A001  (Sphinx reads this name)
release = __version__

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.mathjax"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3

autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

html_static_path = ["_static"]
html_theme = "alabaster"
html_theme_options = {
    "description": "AI infrastructure, from the matmul to the IRR",
    "fixed_sidebar": True,
    "page_width": "1240px",
}
html_show_copyright = False
html_show_sourcelink = False
