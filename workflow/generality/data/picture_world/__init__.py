"""A world of simple rendered objects in several styles: the embedded study's pictures, drawn from a seed.

This module holds the names without importing NumPy, because every process of the workflow checks the configuration
by them.
"""

FAMILIES = {
    "domainnet": ("real", "clipart", "infograph", "painting", "quickdraw", "sketch"),
    "imagenet": ("in", "v2", "r", "a", "sketch", "objectnet"),
    "web": ("all",),
}
WEB, CLEAN = CAPTIONS = ("web", "clean")  # kinds of captions; the web's are not always right
