"""Checking a state directory, and mending it.

To be read in this order; imports run upwards:

    crash_mark   tells the next owner of a repair that was killed
    salvage      what can be saved of a session whose files are damaged
    set_aside    copies of sessions that were set aside, and how they come back
    doctor       everything checked, and mended
"""
