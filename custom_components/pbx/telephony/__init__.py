"""The words of telephony that all phone systems are translated into."""
