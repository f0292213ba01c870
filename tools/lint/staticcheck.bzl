"What staticcheck checks: its bugs (SA) and simplifications (S). Not SA5011, which panics on purpose in 0.8.2, nor the opt-in SA9003."

# The first two digits of each check's number, and the last two.
_CHECKS = {
    "simple/s10": "00 01 02 03 04 05 06 07 08 09 10 11 12 16 17 18 19 20 21 23 24 25 28 29 30 31 32 33 34 35 36 37 38 39 40",
    "staticcheck/sa10": "00 01 02 03 04 05 06 07 08 10 11 12 13 14 15 16 17 18 19 20 21 23 24 25 26 27 28 29 30 31 32",
    "staticcheck/sa20": "00 01 02 03",
    "staticcheck/sa30": "00 01",
    "staticcheck/sa40": "00 01 03 04 05 06 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32",
    "staticcheck/sa50": "00 01 02 03 04 05 07 08 09 10 12",
    "staticcheck/sa60": "00 01 02 03 05 06",
    "staticcheck/sa90": "01 02 04 05 06 07 08 09 10",
}

STATICCHECK = [
    "@co_honnef_go_tools//{}{}".format(group, number)
    for group, numbers in _CHECKS.items()
    for number in numbers.split(" ")
]
