"""From score files to tables and figures; nothing in here imports torch, so that a colour is changed in seconds."""
