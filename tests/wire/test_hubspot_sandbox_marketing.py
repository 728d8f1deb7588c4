from __future__ import annotations

from typing import Any

import pytest

from wire.hubspot_sandbox_world import Wire, portal


def submission(number: int) -> dict[str, Any]:
    return {
        "formId": "f-1",
        "conversionId": f"c-{number}",
        "submittedAt": 1_771_990_000_000 + number,
        "values": [{"name": "email", "value": "ana@example.com", "objectTypeId": "0-1"}],
        "pageUrl": "https://www.example.com/demo",
    }


def event(number: int, kind: str = "SENT", **extra: Any) -> dict[str, Any]:
    return {
        "id": f"e-{number:04}",
        "created": 1_675_121_000_000 + number,
        "type": kind,
        "recipient": "ana@example.com",
        "appId": 113,
        "emailCampaignId": 5,
        **extra,
    }


def visit(number: int, kind: str = "e_visited_page") -> dict[str, Any]:
    return {
        "objectType": "CONTACT",
        "objectId": str(number % 2),
        "eventType": kind,
        # Two at each second, so that a page can end between equals.
        "occurredAt": f"2026-05-11T23:{number // 2 // 60:02}:{number // 2 % 60:02}.075Z",
        "id": f"v-{number:04}",
        "properties": {"hs_url": f"https://www.example.com/{number}"},
    }


def test_forms_without_form_types_are_only_those_of_hubspot() -> None:
    forms = [
        {"id": "f-1", "name": "Demo"},
        {"id": "f-2", "name": "Blog", "formType": "blog_comment"},
        {"id": "f-3", "name": "Old", "archived": True},
    ]
    wire = Wire(portal(info={"forms": forms}))

    def ids(path: str, **parameters: Any) -> list[str]:
        return [one["id"] for one in wire.get(path, **parameters)["results"]]

    assert ids("/marketing/v3/forms") == ["f-1"]
    assert ids("/marketing/forms/2026-09-beta", formTypes="all") == ["f-1", "f-2"]
    assert ids("/marketing/v3/forms", formTypes="all", archived="true") == ["f-3"]
    assert wire.get("/marketing/v3/forms/f-2")["formType"] == "blog_comment"
    wire.get("/marketing/forms/2026-09", 404)


def test_submissions_come_newest_first_and_end_with_the_last_page() -> None:
    wire = Wire(
        portal(
            info={"forms": [{"id": "f-1", "name": "Demo"}]},
            form_submissions=[submission(number) for number in range(60)],
        )
    )
    path = "/form-integrations/v1/submissions/forms/f-1"

    pages = list(wire.pages(path, limit=50))

    assert [len(page) for page in pages] == [50, 10]
    assert [one["conversionId"] for page in pages for one in page] == [
        f"c-{number}" for number in reversed(range(60))
    ]
    assert "formId" not in pages[0][0]
    wire.get(path, 400, limit=51)
    wire.get("/form-integrations/v1/submissions/forms/nonsense", 404)


def test_submissions_of_blog_comments_are_refused() -> None:
    wire = Wire(portal(info={"forms": [{"id": "f-2", "formType": "blog_comment"}]}))

    answer = wire.get("/form-integrations/v1/submissions/forms/f-2", 400)

    assert answer["errorType"] == "FORM_TYPE_NOT_ALLOWED"


def emails() -> Wire:
    return Wire(
        portal(
            info={
                "marketing_emails": [
                    {
                        "id": str(number),
                        "name": f"News {number}",
                        "isPublished": number != 2,
                        "archived": number == 5,
                        "updatedAt": f"2026-01-0{number}T00:00:00Z",
                        "stats": {"counters": {"sent": number}},
                        "_omit_with_stats": number == 3,
                    }
                    for number in range(1, 6)
                ]
            }
        )
    )


@pytest.mark.parametrize(
    ("parameters", "ids"),
    [
        ({}, ["1", "2", "3", "4"]),
        ({"includeStats": "true"}, ["1", "2", "4"]),
        ({"archived": "true"}, ["5"]),
        ({"isPublished": "false"}, ["2"]),
        ({"sort": "-updatedAt"}, ["4", "3", "2", "1"]),
        ({"updatedAfter": "2026-01-02T00:00:00Z"}, ["3", "4"]),
        ({"updatedBefore": "2026-01-02T00:00:00Z"}, ["1"]),
    ],
)
def test_marketing_emails_are_filtered(parameters: dict[str, Any], ids: list[str]) -> None:
    wire = emails()

    answer = wire.get("/marketing/emails/2026-09", **parameters)

    assert [one["id"] for one in answer["results"]] == ids
    assert answer["total"] == len(ids)


def test_marketing_emails_have_statistics_only_on_request() -> None:
    wire = emails()

    plain = wire.get("/marketing/v3/emails")["results"][0]
    counted = wire.get("/marketing/v3/emails", includeStats="true")["results"][0]

    assert "stats" not in plain
    assert counted["stats"]["counters"] == {"sent": 1}
    assert not [name for name in counted if name.startswith("_")]


def test_email_events_come_newest_first_with_an_offset() -> None:
    wire = Wire(portal(email_events=[event(number) for number in range(5)]))
    path = "/email/public/v1/events"

    first = wire.get(path, limit=3)
    second = wire.get(path, limit=3, offset=first["offset"])

    assert [one["id"] for one in first["events"]] == ["e-0004", "e-0003", "e-0002"]
    assert first["hasMore"] is True
    assert [one["id"] for one in second["events"]] == ["e-0001", "e-0000"]
    assert second["hasMore"] is False


@pytest.mark.parametrize(
    ("parameters", "ids"),
    [
        ({"eventType": "OPEN"}, ["e-0003", "e-0002"]),
        ({"eventType": "OPEN", "excludeFilteredEvents": "true"}, ["e-0002"]),
        ({"startTimestamp": 1_675_121_000_002}, ["e-0003", "e-0002"]),
        ({"endTimestamp": 1_675_121_000_001}, ["e-0001"]),
        ({"recipient": "ANA@example.com"}, ["e-0003", "e-0002", "e-0001"]),
        ({"campaignId": "6", "appId": "113"}, []),
    ],
)
def test_email_events_are_filtered(parameters: dict[str, Any], ids: list[str]) -> None:
    wire = Wire(
        portal(email_events=[event(1), event(2, "OPEN"), event(3, "OPEN", filteredEvent=True)])
    )

    answer = wire.get("/email/public/v1/events", **parameters)

    assert [one["id"] for one in answer["events"]] == ids


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"limit": 1000}, 200),
        ({"limit": 1001}, 400),
        ({"startTimestamp": 0}, 500),
        ({"startTimestamp": 1000}, 200),
        ({"eventType": "READ"}, 400),
        ({"campaignId": "5"}, 400),
        ({"offset": "?"}, 400),
    ],
)
def test_email_events_refuse_what_they_cannot_do(parameters: dict[str, Any], status: int) -> None:
    wire = Wire(portal(email_events=[event(1)]))

    wire.get("/email/public/v1/events", status, **parameters)


ENTERPRISE: dict[str, Any] = {"tier": "enterprise"}


@pytest.mark.parametrize("sort", [None, "occurredAt", "-occurredAt"])
def test_event_occurrences_are_read_by_type_alone_through_their_encoded_cursors(
    sort: str | None,
) -> None:
    wire = Wire(
        portal(
            info=ENTERPRISE,
            events=[visit(number) for number in range(7)] + [visit(8, "e_deal_closed")],
        )
    )
    path = "/events/event-occurrences/2026-09"
    parameters: dict[str, Any] = {"eventType": "e_visited_page", "limit": 3}
    parameters |= {"sort": sort} if sort else {}
    seen: list[str] = []

    answer = wire.get(path, **parameters)
    seen += [one["id"] for one in answer["results"]]
    while "paging" in answer:
        following = answer["paging"]["next"]
        assert f"after={following['after']}" in following["link"]
        assert "%" in following["after"]
        answer = wire.get(following["link"])
        seen += [one["id"] for one in answer["results"]]

    ids = [f"v-{number:04}" for number in range(7)]
    assert seen == (ids if sort == "occurredAt" else ids[::-1])


def test_a_cursor_encoded_twice_gives_an_empty_page_and_no_error() -> None:
    wire = Wire(portal(info=ENTERPRISE, events=[visit(number) for number in range(7)]))
    path = "/events/v3/events"
    asked: dict[str, Any] = {"eventType": "e_visited_page", "limit": 3}
    after = wire.get(path, **asked)["paging"]["next"]["after"]

    answer = wire.get(path, **asked, after=after)

    assert answer == {"results": []}


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        ({"objectType": "contact", "objectId": "1"}, 4),
        ({"eventType": "e_deal_closed"}, 1),
        ({"id": "v-0003"}, 1),
        ({"eventType": "e_visited_page", "occurredAfter": "2026-05-11T23:00:02Z"}, 3),
        ({"eventType": "e_visited_page", "occurredBefore": "2026-05-11T23:00:02Z"}, 4),
        ({"eventType": "e_visited_page", "property.hs_url": "https://www.example.com/2"}, 1),
    ],
)
def test_event_occurrences_are_filtered(parameters: dict[str, Any], count: int) -> None:
    events = [visit(number) for number in range(7)] + [visit(9, "e_deal_closed")]
    wire = Wire(portal(info=ENTERPRISE, events=events))

    answer = wire.get("/events/event-occurrences/2026-03", **parameters)

    assert len(answer["results"]) == count


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"eventType": "e", "limit": 101},
        {"eventType": "e", "occurredAfter": "soon"},
        {"eventType": "e", "sort": "id"},
        {"eventType": "e", "objectProperty.email": "a"},
    ],
)
def test_event_occurrences_refuse_what_they_cannot_do(parameters: dict[str, Any]) -> None:
    wire = Wire(portal(info=ENTERPRISE))

    wire.get("/events/event-occurrences/2026-09", 400, **parameters)


def test_event_types_are_those_of_the_portal() -> None:
    wire = Wire(portal(info=ENTERPRISE, events=[visit(1), visit(2, "e_deal_closed"), visit(3)]))

    expected = {"eventTypes": ["e_deal_closed", "e_visited_page"]}

    assert wire.get("/events/event-occurrences/2026-09/event-types") == expected
    assert wire.get("/events/v3/events/event-types") == expected


def test_marketing_emails_and_forms_are_paged_by_encoded_cursors() -> None:
    wire = emails()
    wire.sandbox.portal.info["forms"] = [{"id": f"f-{number}"} for number in range(3)]

    news = wire.get("/marketing/emails/2026-09", limit=3)
    more_news = wire.get(news["paging"]["next"]["link"])
    forms = wire.get("/marketing/v3/forms", limit=2)
    more_forms = wire.get(forms["paging"]["next"]["link"])
    twice = wire.get("/marketing/v3/forms", limit=2, after=forms["paging"]["next"]["after"])

    assert news["paging"]["next"]["after"] == "Mw%3D%3D"
    assert [one["id"] for one in more_news["results"]] == ["4"]
    assert (news["total"], more_news["total"]) == (4, 4)
    assert [one["id"] for one in more_forms["results"]] == ["f-2"]
    assert twice["results"] == []


@pytest.mark.parametrize(
    "parameters",
    [{"limit": 101}, {"sort": "nonsense"}, {"updatedAfter": "soon"}, {"isPublished": "perhaps"}],
)
def test_marketing_emails_refuse_what_they_cannot_do(parameters: dict[str, Any]) -> None:
    wire = emails()

    wire.get("/marketing/emails/2026-09", 400, **parameters)


def test_a_cursor_of_submissions_that_cannot_be_read_is_refused() -> None:
    wire = Wire(portal(info={"forms": [{"id": "f-1"}]}, form_submissions=[submission(1)]))

    wire.get("/form-integrations/v1/submissions/forms/f-1", 400, after="?")
