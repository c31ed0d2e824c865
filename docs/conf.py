"""The documentation's configuration; `make docs` builds it, and a warning is an error."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "xavatar"
author = "The xavatar authors"
copyright = "the xavatar authors, MIT licence"
release = version = version_of("xavatar")

extensions = [
    "generated",  # ours: rules, frame, command line, lessons
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "numpydoc",
]
exclude_patterns = ["_build", "_generated", "jupyter_execute"]  # the last is where myst-nb leaves copies
default_role = "code"
nitpicky = False

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the saved outputs are what readers see; tests run the notebooks

autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

html_theme = "furo"
html_title = "xavatar"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#8c2f39", "color-brand-content": "#8c2f39"},
    "dark_css_variables": {"color-brand-primary": "#e8909a", "color-brand-content": "#e8909a"},
}
