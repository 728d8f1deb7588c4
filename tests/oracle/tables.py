"""The tables of sections 4 and 6 of the journey model, as they stand there."""

from __future__ import annotations

SOURCES = {
    "ORGANIC_SEARCH": "src.organic",
    "PAID_SEARCH": "src.paid",
    "PAID_SOCIAL": "src.paid",
    "SOCIAL_MEDIA": "src.social",
    "REFERRALS": "src.referral",
    "DIRECT_TRAFFIC": "src.direct",
    "EMAIL_MARKETING": "src.email",
    "OTHER_CAMPAIGNS": "src.campaign",
    "OFFLINE": "src.offline",
    "AI_REFERRALS": "src.ai",
}
CHANNELS = {
    "src.organic": "Web",
    "src.paid": "Ads",
    "src.social": "Social",
    "src.referral": "Word of mouth",
    "src.direct": "Web",
    "src.email": "Email",
    "src.campaign": "Web",
    "src.offline": "Offline",
    "src.ai": "Web",
    "web": "Web",
    "mail": "Email",
    "call": "Phone",
    "meet": "Meeting",
    "sales.quote": "Document",
    "sales.won": "Sales",
    "sales.lost": "Sales",
    "post.mail": "Offline",
    "note": "Manual",
}
UNHEARD_CALLS = {
    "QUEUED", "RINGING", "CONNECTING", "CALLING_CRM_USER", "IN_PROGRESS", "FAILED", "CANCELED",
}  # fmt: skip
LOST_REASONS = (
    ("service", r"servic|support|quality", -2.0),
    ("competitor", r"compet|rival", -1.0),
    ("feature", r"featur|function|missing|integrat", -1.0),
    ("price", r"pric|cost|budget|expens", -0.5),
    ("no_reply", r"no rep|no resp|ghost|silen", -0.5),
    ("timing", r"tim|later|postpon|not now", -0.25),
)
CALL_SCORES = {
    "connected": 0.5,
    "left live message": 0.0,
    "left voicemail": -0.25,
    "busy": -0.25,
    "no answer": -0.25,
}
MEETING_SCORES = {"COMPLETED": 0.75, "RESCHEDULED": -0.25, "CANCELED": -0.75, "NO_SHOW": -1.0}
PRIORITY_SCORES = {"LOW": 0.0, "MEDIUM": -0.5, "HIGH": -1.0, "URGENT": -1.5}
SENTIMENTS = {"PROMOTER": 2.0, "PASSIVE": 0.0, "DETRACTOR": -2.0}
NPS_SCORES = (-2.0, -1.75, -1.5, -1.25, -1.0, -0.75, -0.5, 0.0, 0.5, 1.5, 2.0)
SCALES = {"NPS": (0.0, 10.0), "CSAT": (0.0, 2.0), "CES": (1.0, 7.0)}
