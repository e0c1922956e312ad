"""What the providers' own pages say, word for word: literal servers and a proof for each row.

A server here is written from the page alone, without a look at our client or our simulator: it
answers what the page says and refuses what the page does not allow. What real servers are known to
do differently is the simulators' business.
"""
