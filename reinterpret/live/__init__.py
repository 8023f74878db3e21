"""Live: a camera, or what stands in for one, goes in; the archive's nearest footage plays beside it.

The way of a frame: `source` gives it, `matcher` asks the library what it is like, `chooser` decides whether to
change, `player` has the footage decoded ahead, `stage` puts both pictures into one, `window` and `recorder` take that.
`session` goes round once a frame; `webcam` is the function that sets all of it up.
"""
