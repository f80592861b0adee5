"""Heart-failure readmission risk modelling on OMOP data, inside secure data environments.

Research software. Not a medical device, and not for direct care.
"""

__version__ = "0.1.0"
