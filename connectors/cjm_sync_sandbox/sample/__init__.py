"""A believable HubSpot portal made from a seed: the demo's input, and the tests' larger one.

It is the portal of *Kaldera Planning*, an invented vendor of planning software in Stockholm, over
18 months up to `SAMPLE_AS_OF`. Its people, companies and addresses do not exist. Way in:
`sample_portal(seed)`; `small_portal(seed)` is a tiny one of the same kind for crash tests.

Three stories are planted in it, for every seed:

1. **A slow stage.** Since the legal review changed, Purchase (a deal at probability ≥ 0.5 until it
   closes) takes a median of some 50 days for what closed in the last 90 days; before it was about 20.
2. **A ticket theme.** `BILLING_ISSUE` is more than a third of the support tickets created in the
   last 90 days, and about an eighth of those before.
3. **A touchpoint that helps.** Buyers with a completed product demo in their first week of
   consideration go on to a proposal about 1.7 times as often as those without.
"""

from __future__ import annotations

from cjm_sync_sandbox.sample.build import sample_portal
from cjm_sync_sandbox.sample.draw import SAMPLE_AS_OF
from cjm_sync_sandbox.sample.small import small_portal

__all__ = ["SAMPLE_AS_OF", "sample_portal", "small_portal"]
