"""The dashboard: one page for people, served from memory with everything that it needs.

Reading order:

    icons    the icons in one style sheet
    files    what stands in `static/`, under names that change with it
    page     the page itself, and what a browser is told about it
    routes   both, as a part of the gateway
"""
