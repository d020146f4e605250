"""Checking a state directory, and mending it.

Reading order; each imports only those above it:

    crash_mark         tells the next owner of a repair that was killed
    findings           what a check finds
    walk               the folders of agents and sessions
    salvage            what can be saved of a session whose files are damaged
    copies             copies of sessions that were set aside, and how they come back
    check_disk         room on the disk
    check_entries      modes, owners, links
    check_journal      the journal
    check_index        the index, and the search index of a gateway
    check_copies       what was set aside before
    check_attachments  the bytes that messages refer to
    check_sessions     the files of each session
    doctor             everything checked, and mended
"""
