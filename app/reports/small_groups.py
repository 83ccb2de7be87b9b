"""Small groups are not broken down by personal traits, nor can theirs be found by subtraction."""

from collections.abc import Sequence

SMALLEST = 5


def shown(sizes: Sequence[int]) -> list[bool]:
    """Say of each of the groups that make up a whole whether its traits are shown; empty groups have none.

    The groups that are withheld have five people together, or else the next larger one is withheld too: the whole less
    all that is shown would tell of them.
    """
    order = sorted(range(len(sizes)), key=lambda place: sizes[place])
    withheld = {place for place in order if sizes[place] < SMALLEST}
    together = sum(sizes[place] for place in withheld)
    for place in order:
        if not 0 < together < SMALLEST:
            break
        if place not in withheld:
            withheld.add(place)
            together += sizes[place]
    return [place not in withheld for place in range(len(sizes))]


def shown_throughout(years: Sequence[Sequence[int]]) -> list[bool]:
    """Say it of groups over several years: each is shown in each, or has nobody then.

    A term less the years before its last one would tell of that year.
    """
    of_years = [(sizes, shown(sizes)) for sizes in years]
    places = range(len(years[0]))
    return [all(of_year[place] or sizes[place] == 0 for sizes, of_year in of_years) for place in places]
