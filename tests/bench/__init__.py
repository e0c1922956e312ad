"""What the integration costs: ratios, each measured beside what it is compared with."""
