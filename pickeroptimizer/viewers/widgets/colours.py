"""Colours that several widgets share."""
DARK = '#303030'       # behind pictures
LIGHT = '#FFFFFF'      # of what is written and drawn on them
