"""Pages of delta that repeat, forget, mix up and delete what they should tell."""

import copy
from typing import Final

from calsync_agent.sandbox.adverse.trouble import Feed, Page
from calsync_agent.sandbox.graph.rendering import EVENT_TYPE
from calsync_agent.sandbox.model.properties import READABLE
from calsync_agent.sandbox.model.shapes import JsonObject


def _null(page: Page) -> None:
    page.put(None)


def _hollow(page: Page) -> None:
    page.put(_hollow_item(page.unknown_id()))


def _hollow_item(id_: object) -> JsonObject:
    return {"@odata.type": EVENT_TYPE, **dict.fromkeys(sorted(READABLE)), "id": id_}


def _removed(id_: object) -> JsonObject:
    return {"@odata.type": EVENT_TYPE, "id": id_, "@removed": {"reason": "deleted"}}


def _unknown_tombstone(page: Page) -> None:
    page.put(_removed(page.unknown_id()))


def _tombstone_before(page: Page) -> None:
    item = page.rng.choice(page.items)
    page.put(_removed(item["id"]), before=item)


def _tombstone_after(page: Page) -> None:
    item = page.rng.choice(page.items)
    page.put(_removed(item["id"]), after=item)


def _twice(page: Page) -> None:
    page.put(copy.deepcopy(page.rng.choice(page.items)))


def _stale(page: Page) -> list[tuple[JsonObject, JsonObject]]:
    """Items of the page with what was shown of them before, as far as time tells them apart."""
    found = ((each, page.earlier.get(str(each["id"]))) for each in page.items)
    return [
        (now, before)
        for now, before in found
        if before is not None and str(before.get(_CHANGED)) < str(now.get(_CHANGED))
    ]


_CHANGED: Final = "lastModifiedDateTime"


def _stale_first(page: Page) -> None:
    for now, before in _stale(page):
        page.put(copy.deepcopy(before), before=now)


def _stale_last(page: Page) -> None:
    for now, before in _stale(page):
        page.put(copy.deepcopy(before), after=now)


def _replayed(page: Page) -> None:
    """What was told before and has not changed since; what has changed would be a lie."""
    known = {str(each.get("id")) for each in page.value if isinstance(each, dict)}
    again = [each for id_, each in page.earlier.items() if id_ not in known and _holds(page, each)]
    for item in page.rng.sample(again, min(3, len(again))):
        page.put(copy.deepcopy(item))


def _holds(page: Page, shown: JsonObject) -> bool:
    reference = page.world.ids.read(str(shown["id"]))
    item = page.mailbox.items.get(reference.key) if reference else None
    if reference is None or item is None or reference.server != page.mailbox.server:
        return False
    key = page.world.ids.change_key(page.mailbox.id, item.key, item.version, reference.day)
    return shown["@odata.etag"] == f'W/"{key}"'


def _shuffled(page: Page) -> None:
    page.rng.shuffle(page.value)


def _masters(page: Page) -> list[JsonObject]:
    return [each for each in page.items if each["type"] == "seriesMaster"]


def _days(page: Page) -> list[JsonObject]:
    return [each for each in page.items if each["type"] in {"occurrence", "exception"}]


def _without_masters(page: Page) -> None:
    masters = _masters(page)
    page.value[:] = [each for each in page.value if not any(each is one for one in masters)]


def _orphan(page: Page) -> None:
    page.rng.choice(_days(page))["seriesMasterId"] = None


def _fully_told(page: Page) -> None:
    """Occurrences with the properties that only others have, all null."""
    for item in _days(page):
        if item["type"] == "occurrence":
            for name in READABLE - item.keys():
                item[name] = None


def _leads_nowhere(page: Page) -> None:
    page.value.clear()
    page.goes_on_at(page.asked)


def _comes_again(page: Page) -> None:
    page.goes_on_at(page.asked)


def _not_yet(page: Page) -> None:
    page.value.clear()
    page.body["@odata.deltaLink"] = page.asked


def _with_items(page: Page) -> bool:
    return bool(page.items)


def _is_next(page: Page) -> bool:
    """Whether it is the only page of a round that goes on from a link."""
    return "$deltatoken" in page.request.query and "@odata.deltaLink" in page.body


FEED: Final = (
    Feed(
        name="null item",
        fact="an item `null` in the feed; strict readers lost a whole calendar (quirk 21)",
        change=_null,
    ),
    Feed(
        name="hollow item",
        fact="an item of which all is null but the id, for what lies outside the window (1.5)",
        change=_hollow,
    ),
    Feed(
        name="unknown tombstone",
        fact="tombstones of ids that were never seen, in a first round too (1.5, quirk 3)",
        change=_unknown_tombstone,
    ),
    Feed(
        name="tombstone before",
        fact="the tombstone of an event that is there, before the event (1.3, 1.5)",
        change=_tombstone_before,
        fits=_with_items,
    ),
    Feed(
        name="tombstone after",
        fact="the tombstone of an event that is there, after it: no proof of deletion (1.5)",
        change=_tombstone_after,
        fits=_with_items,
        rate=0.05,
    ),
    Feed(
        name="item twice",
        fact="the same item may appear several times in one round (1.3)",
        change=_twice,
        fits=_with_items,
    ),
    Feed(
        name="stale before fresh",
        fact="replays: an older version of an item, and then the present one (1.6)",
        change=_stale_first,
        fits=lambda page: bool(_stale(page)),
        rate=0.3,
    ),
    Feed(
        name="fresh before stale",
        fact="no order is promised: the present version, and then an older one (1.3)",
        change=_stale_last,
        fits=lambda page: bool(_stale(page)),
        rate=0.3,
    ),
    Feed(
        name="replay",
        fact="replays of what was told in an earlier round (1.6)",
        change=_replayed,
        fits=lambda page: bool(page.earlier),
    ),
    Feed(
        name="no order",
        fact="no order is promised, neither of master and occurrences (1.3)",
        change=_shuffled,
        rate=0.5,
        most=10,
    ),
    Feed(
        name="occurrences without master",
        fact="the master may be missing from a later round (1.4)",
        change=_without_masters,
        fits=lambda page: bool(_masters(page) and _days(page)),
        rate=0.3,
    ),
    Feed(
        name="occurrence of no series",
        fact="seriesMasterId null in an occurrence (quirk 21)",
        change=_orphan,
        fits=lambda page: bool(_days(page)),
    ),
    Feed(
        name="occurrence full of nulls",
        fact="an occurrence with all properties there, and null (1.4)",
        change=_fully_told,
        fits=lambda page: bool(_days(page)),
    ),
    Feed(
        name="link to itself",
        fact="an empty page whose nextLink leads to itself (1.2, quirk 10)",
        change=_leads_nowhere,
        rate=0.05,
    ),
    Feed(
        name="page again",
        fact="a page whose nextLink leads to the same page (1.3, 1.6)",
        change=_comes_again,
        rate=0.05,
    ),
    Feed(
        name="not yet",
        fact="200 with a delta link and no items although there are some (quirk 36)",
        change=_not_yet,
        fits=_is_next,
    ),
)
