"""Pictures as SVG and PNG.

Reading order; each imports only those above it:

    themes        the colours
    letters       the width of texts
    captions      the words for those who do not see a picture
    styles        the styles that an author gives
    scene         the boxes and links of a diagram, arranged
    beside        loops and notes
    titles        the titles of composite states
    svg           the document
    png           its pixels
"""
