"""The house's own phone book: it names callers for every phone system.

    entry        what an entry is, and how one of its numbers is read
    index        whose number is this?
    collection   the book in Home Assistant: kept, changed, asked
    reading      what is in a file of another program, and what of it is uncertain
    vcard, spreadsheet, fritzbox   the files themselves
    headings     what the columns of a spreadsheet are called, in each language
    writing      the book as a file for another program

Only `collection` imports Home Assistant.
"""
