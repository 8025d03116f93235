"""How wide every interval and band of evidence is: 80 %, a tenth is left out at either end."""

from statistics import NormalDist

LOWER, UPPER = 0.1, 0.9
# So many standard deviations to either side of a mean, under a normal distribution.
Z = NormalDist().inv_cdf(UPPER)
