"""The properties that every portal has: names by type, and the options of the enumerations."""

from __future__ import annotations

_COMMON = {
    "string": "hs_object_source hs_object_source_id hs_object_source_label"
    " hs_object_source_detail_1 hs_object_source_detail_2 hs_object_source_detail_3",
    "number": "hs_object_id",
    "enumeration": "hubspot_owner_id",
}

_MERGED = {"enumeration": "hs_merged_object_ids"}

_ACTIVITY = {
    "string": "hs_body_preview hs_body_preview_html hs_engagement_source hs_engagement_source_id"
    " hs_activity_type",
    "datetime": "hs_timestamp hs_createdate hs_lastmodifieddate",
    "bool": "hs_body_preview_is_truncated hs_gdpr_deleted",
    "enumeration": "hs_attachment_ids hs_at_mentioned_owner_ids",
}

_SOURCE = {
    "enumeration": "hs_analytics_source",
    "string": "hs_analytics_source_data_1 hs_analytics_source_data_2",
}

_STAGE = {"datetime": "hs_v2_date_entered_current_stage hs_v2_time_in_current_stage"}

TYPED: dict[str, tuple[dict[str, str], ...]] = {
    "contacts": (
        _COMMON,
        _MERGED,
        _SOURCE,
        _STAGE,
        {
            "string": "email hs_additional_emails firstname lastname phone mobilephone company"
            " jobtitle industry country city state zip website hs_calculated_merged_vids"
            " hs_calculated_phone_number hs_latest_source_data_1 hs_latest_source_data_2"
            " hs_analytics_first_url hs_analytics_last_url hs_analytics_first_referrer"
            " hs_analytics_last_referrer first_conversion_event_name recent_conversion_event_name"
            " hs_email_last_email_name hs_feedback_last_nps_follow_up"
            " engagements_last_meeting_booked_campaign engagements_last_meeting_booked_medium"
            " engagements_last_meeting_booked_source",
            "number": "associatedcompanyid days_to_close hs_analytics_num_page_views"
            " hs_analytics_num_visits hs_analytics_num_event_completions num_conversion_events"
            " num_unique_conversion_events hs_email_delivered hs_email_open hs_email_click"
            " hs_email_bounce hs_email_replied hs_email_sends_since_last_engagement"
            " num_contacted_notes num_notes num_associated_deals recent_deal_amount total_revenue"
            " hs_feedback_last_nps_rating hubspotscore",
            "datetime": "createdate lastmodifieddate hs_lastmodifieddate closedate"
            " hs_latest_source_timestamp hs_analytics_first_timestamp hs_analytics_last_timestamp"
            " hs_analytics_first_visit_timestamp hs_analytics_last_visit_timestamp"
            " first_conversion_date recent_conversion_date hs_email_first_send_date"
            " hs_email_first_open_date hs_email_first_click_date hs_email_first_reply_date"
            " hs_email_last_send_date hs_email_last_open_date hs_email_last_click_date"
            " hs_email_last_reply_date notes_last_contacted notes_last_updated"
            " hs_last_sales_activity_timestamp hs_sales_email_last_opened"
            " hs_sales_email_last_clicked hs_sales_email_last_replied"
            " engagements_last_meeting_booked first_deal_created_date recent_deal_close_date"
            " hs_feedback_last_survey_date hubspot_owner_assigneddate",
            "bool": "hs_email_optout hs_email_quarantined hs_sequences_is_enrolled"
            " hs_is_unworked hs_feedback_show_nps_web_survey",
            "enumeration": "lifecyclestage hs_lead_status hs_buying_role hs_seniority hs_role"
            " hs_timezone hs_language hs_latest_source hs_pipeline hs_all_contact_vids"
            " hs_calculated_form_submissions hs_email_hard_bounce_reason_enum",
        },
    ),
    "companies": (
        _COMMON,
        _MERGED,
        _SOURCE,
        _STAGE,
        {
            "string": "name domain website country city state phone description"
            " hs_analytics_latest_source_data_1 hs_analytics_latest_source_data_2",
            "number": "numberofemployees annualrevenue hs_parent_company_id"
            " num_associated_contacts num_associated_deals hs_num_open_deals recent_deal_amount"
            " total_revenue",
            "datetime": "createdate hs_lastmodifieddate closedate recent_deal_close_date"
            " first_contact_createdate first_deal_created_date notes_last_contacted"
            " hs_analytics_latest_source_timestamp hs_analytics_first_timestamp",
            "bool": "is_public",
            "enumeration": "industry type lifecyclestage hs_lead_status hs_pipeline"
            " hs_analytics_latest_source",
        },
    ),
    "deals": (
        _COMMON,
        _MERGED,
        _SOURCE,
        _STAGE,
        {
            "string": "dealname description hs_next_step closed_lost_reason closed_won_reason"
            " hs_analytics_latest_source_data_1 hs_analytics_latest_source_data_2"
            " hs_analytics_latest_source_data_1_contact hs_analytics_latest_source_data_2_contact"
            " hs_analytics_latest_source_data_1_company hs_analytics_latest_source_data_2_company",
            "number": "amount amount_in_home_currency hs_exchange_rate hs_deal_stage_probability"
            " hs_forecast_amount hs_projected_amount hs_primary_associated_company hs_arr hs_mrr"
            " hs_acv hs_tcv hs_num_of_associated_line_items num_associated_contacts"
            " num_contacted_notes num_notes hs_number_of_call_engagements days_to_close",
            "datetime": "createdate hs_lastmodifieddate closedate hs_closed_won_date"
            " notes_last_contacted hs_analytics_latest_source_timestamp"
            " hs_analytics_latest_source_timestamp_contact"
            " hs_analytics_latest_source_timestamp_company hs_latest_marketing_email_open_date"
            " hs_latest_marketing_email_click_date hs_latest_marketing_email_reply_date"
            " hs_latest_sales_email_open_date hs_latest_sales_email_click_date"
            " hs_latest_sales_email_reply_date hs_latest_meeting_activity"
            " hs_next_meeting_start_time",
            "bool": "hs_is_closed hs_is_closed_won hs_is_closed_lost hs_is_stalled",
            "enumeration": "pipeline dealstage dealtype deal_currency_code"
            " hs_manual_forecast_category hs_priority hs_analytics_latest_source"
            " hs_analytics_latest_source_contact hs_analytics_latest_source_company",
        },
    ),
    "tickets": (
        _COMMON,
        _MERGED,
        _STAGE,
        {
            "string": "subject content",
            "number": "time_to_close time_to_first_agent_reply nps_score"
            " hs_feedback_last_ces_rating",
            "datetime": "createdate hs_lastmodifieddate closed_date first_agent_reply_date"
            " hs_first_agent_message_sent_at hs_time_to_first_response_sla_at"
            " hs_time_to_close_sla_at hs_last_message_received_at hs_lastactivitydate",
            "bool": "hs_last_message_from_visitor",
            "enumeration": "hs_pipeline hs_pipeline_stage hs_ticket_priority hs_ticket_category"
            " source_type hs_resolution hs_time_to_first_response_sla_status"
            " hs_time_to_close_sla_status",
        },
    ),
    "calls": (
        _COMMON,
        _ACTIVITY,
        {
            "string": "hs_call_title hs_call_body hs_call_source hs_call_summary"
            " hs_call_from_number hs_call_to_number hs_call_recording_url",
            "number": "hs_call_duration",
            "bool": "hs_call_has_transcript",
            "enumeration": "hs_call_direction hs_call_status hs_call_disposition",
        },
    ),
    "meetings": (
        _COMMON,
        _ACTIVITY,
        {
            "string": "hs_meeting_title hs_meeting_body hs_meeting_location"
            " hs_meeting_external_url hs_internal_meeting_notes",
            "datetime": "hs_meeting_start_time hs_meeting_end_time",
            "enumeration": "hs_meeting_outcome hs_meeting_location_type hs_meeting_source"
            " hs_attendee_owner_ids",
        },
    ),
    "emails": (
        _COMMON,
        _ACTIVITY,
        {
            "string": "hs_email_subject hs_email_text hs_email_html hs_email_headers"
            " hs_email_from_email hs_email_to_email hs_email_cc_email hs_email_thread_id"
            " hs_email_message_id hs_email_tracker_key",
            "number": "hs_email_open_count hs_email_click_count hs_email_reply_count",
            "enumeration": "hs_email_direction hs_email_status",
        },
    ),
    "notes": (_COMMON, _ACTIVITY, {"string": "hs_note_body"}),
    "tasks": (
        _COMMON,
        _ACTIVITY,
        {
            "string": "hs_task_subject hs_task_body",
            "datetime": "hs_task_completion_date",
            "enumeration": "hs_task_status hs_task_priority hs_task_type",
        },
    ),
    "communications": (
        _COMMON,
        _ACTIVITY,
        {
            "string": "hs_communication_body",
            "enumeration": "hs_communication_channel_type hs_communication_logged_from",
        },
    ),
    "postal_mail": (_COMMON, _ACTIVITY, {"string": "hs_postal_mail_body"}),
    "feedback_submissions": (
        _COMMON,
        {
            "string": "hs_content hs_survey_name hs_submission_name hs_ingestion_id"
            " hs_contact_email_rollup hs_form_guid",
            "number": "hs_value hs_survey_id hs_contact_id hs_engagement_id",
            "datetime": "hs_submission_timestamp hs_createdate hs_lastmodifieddate",
            "enumeration": "hs_survey_type hs_sentiment hs_response_group hs_survey_channel",
        },
    ),
    "leads": (
        _COMMON,
        _STAGE,
        {
            "string": "hs_lead_name hs_lead_source",
            "number": "hs_primary_contact_id hs_primary_company_id hs_lead_time_to_first_outreach",
            "datetime": "hs_createdate hs_lastmodifieddate hs_lead_first_outreach_date",
            "enumeration": "hs_lead_type hs_lead_label hs_pipeline hs_pipeline_stage"
            " hs_pipeline_stage_category hs_lead_disqualification_reason"
            " hs_lead_source_lifecycle_stage",
        },
    ),
    "line_items": (
        _COMMON,
        {
            "string": "name hs_line_item_currency_code",
            "number": "hs_product_id quantity price amount",
            "datetime": "createdate hs_lastmodifieddate",
            "enumeration": "recurringbillingfrequency",
        },
    ),
    "quotes": (
        _COMMON,
        {
            "string": "hs_title",
            "number": "hs_quote_amount hs_esign_num_signers_completed"
            " hs_esign_num_signers_required",
            "datetime": "hs_createdate hs_lastmodifieddate hs_expiration_date hs_esign_date",
            "bool": "hs_esign_enabled",
            "enumeration": "hs_status",
        },
    ),
    "orders": (
        _COMMON,
        {
            "string": "hs_order_name hs_external_order_id hs_external_order_status"
            " hs_fulfillment_status hs_currency_code hs_source_store",
            "number": "hs_total_price hs_subtotal_price hs_exchange_rate",
            "datetime": "hs_createdate hs_lastmodifieddate hs_external_created_date",
            "enumeration": "hs_pipeline hs_pipeline_stage",
        },
    ),
}

_CALCULATED = (
    "amount_in_home_currency associatedcompanyid days_to_close hs_calculated_form_submissions"
    " hs_calculated_merged_vids hs_closed_won_date hs_deal_stage_probability hs_exchange_rate"
    " hs_forecast_amount hs_is_closed hs_is_closed_lost hs_is_closed_won hs_is_stalled"
    " hs_merged_object_ids hs_num_open_deals hs_primary_associated_company hs_projected_amount"
    " hs_v2_date_entered_current_stage hs_v2_time_in_current_stage num_associated_contacts"
    " num_associated_deals time_to_close time_to_first_agent_reply total_revenue"
)
CALCULATED = frozenset(_CALCULATED.split())

_MULTIPLE = (
    "hs_all_contact_vids hs_at_mentioned_owner_ids hs_attachment_ids hs_attendee_owner_ids"
    " hs_buying_role hs_calculated_form_submissions hs_merged_object_ids"
)
MULTIPLE = frozenset(_MULTIPLE.split())

_SOURCES = (
    "ORGANIC_SEARCH PAID_SEARCH EMAIL_MARKETING SOCIAL_MEDIA REFERRALS OTHER_CAMPAIGNS"
    " DIRECT_TRAFFIC OFFLINE PAID_SOCIAL AI_REFERRALS"
)
_SENTIMENT = "PROMOTER PASSIVE DETRACTOR"
_SLA = "ACTIVE_SLA_OVERDUE ACTIVE_SLA_DUE_SOON ACTIVE_SLA SLA_COMPLETED_ON_TIME SLA_COMPLETED_LATE"

# Options as HubSpot ships them; labels are made of the values. A portal's own entry replaces them.
_VALUES = {
    "hs_analytics_source": _SOURCES,
    "hs_latest_source": _SOURCES,
    "hs_analytics_latest_source": _SOURCES,
    "hs_analytics_latest_source_contact": _SOURCES,
    "hs_analytics_latest_source_company": _SOURCES,
    "hs_buying_role": "BLOCKER BUDGET_HOLDER CHAMPION DECISION_MAKER END_USER EXECUTIVE_SPONSOR"
    " INFLUENCER LEGAL_AND_COMPLIANCE OTHER",
    "hs_seniority": "employee manager director vp executive owner partner senior entry",
    "hs_lead_status": "NEW OPEN IN_PROGRESS OPEN_DEAL UNQUALIFIED ATTEMPTED_TO_CONTACT CONNECTED"
    " BAD_TIMING",
    "dealtype": "newbusiness existingbusiness",
    "hs_priority": "low medium high",
    "hs_manual_forecast_category": "OMIT PIPELINE BEST_CASE COMMIT CLOSED",
    "type": "PROSPECT PARTNER RESELLER VENDOR OTHER",
    "hs_ticket_priority": "LOW MEDIUM HIGH URGENT",
    "hs_ticket_category": "PRODUCT_ISSUE BILLING_ISSUE FEATURE_REQUEST GENERAL_INQUIRY",
    "source_type": "CHAT EMAIL FORM PHONE",
    "hs_resolution": "ISSUE_FIXED OUT_OF_SCOPE DUPLICATE WONT_FIX",
    "hs_time_to_first_response_sla_status": _SLA,
    "hs_time_to_close_sla_status": _SLA,
    "hs_call_direction": "INBOUND OUTBOUND",
    "hs_call_status": "COMPLETED NO_ANSWER BUSY FAILED CANCELED QUEUED RINGING IN_PROGRESS"
    " CALLING_CRM_USER CONNECTING MISSED",
    "hs_meeting_outcome": "SCHEDULED COMPLETED RESCHEDULED NO_SHOW CANCELED",
    "hs_meeting_location_type": "PHONE ADDRESS CUSTOM VCE",
    "hs_email_direction": "EMAIL INCOMING_EMAIL FORWARDED_EMAIL",
    "hs_email_status": "BOUNCED FAILED SCHEDULED SENDING SENT",
    "hs_task_status": "NOT_STARTED COMPLETED IN_PROGRESS WAITING DEFERRED",
    "hs_task_priority": "NONE LOW MEDIUM HIGH",
    "hs_task_type": "TODO EMAIL CALL",
    "hs_communication_channel_type": "WHATS_APP LINKEDIN_MESSAGE SMS",
    "hs_communication_logged_from": "CRM",
    "hs_survey_type": "NPS CSAT CES CUSTOM",
    "hs_survey_channel": "EMAIL WEB",
    "hs_sentiment": _SENTIMENT,
    "hs_response_group": _SENTIMENT,
    "hs_lead_type": "NEW_BUSINESS RE_ATTEMPTING UPSELL",
    "hs_lead_label": "HOT WARM COLD",
    "hs_pipeline_stage_category": "NEW IN_PROGRESS QUALIFIED UNQUALIFIED",
    "hs_status": "DRAFT APPROVAL_NOT_NEEDED PENDING_APPROVAL APPROVED REJECTED",
    "recurringbillingfrequency": "monthly quarterly per_six_months annually",
}

OPTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    name: tuple((value, value.replace("_", " ").capitalize()) for value in values.split())
    for name, values in _VALUES.items()
} | {
    "hs_call_disposition": (
        ("9d9162e7-6cf3-4944-bf63-4dff82258764", "Busy"),
        ("f240bbac-87c9-4f6e-bf70-924b57d47db7", "Connected"),
        ("a4c4c377-d246-4b32-a13b-75a56a4cd0ff", "Left live message"),
        ("b2cf5968-551e-4856-9783-52b3da59a7d0", "Left voicemail"),
        ("73a0d17f-1163-4015-bdd5-ec830791da20", "No answer"),
        ("17b47fee-58de-441e-a44c-c6300d46f273", "Wrong number"),
    ),
}

LIFECYCLE_STAGES: tuple[tuple[str, str], ...] = (
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    ("other", "Other"),
)

DEAL_STAGES: tuple[tuple[str, str, str, str], ...] = (
    ("appointmentscheduled", "Appointment Scheduled", "0.2", "false"),
    ("qualifiedtobuy", "Qualified To Buy", "0.4", "false"),
    ("presentationscheduled", "Presentation Scheduled", "0.6", "false"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8", "false"),
    ("contractsent", "Contract Sent", "0.9", "false"),
    ("closedwon", "Closed Won", "1.0", "true"),
    ("closedlost", "Closed Lost", "0.0", "true"),
)

TICKET_STAGES: tuple[tuple[str, str, str], ...] = (
    ("1", "New", "OPEN"),
    ("2", "Waiting on contact", "OPEN"),
    ("3", "Waiting on us", "OPEN"),
    ("4", "Closed", "CLOSED"),
)

LEAD_STAGES: tuple[tuple[str, str], ...] = (
    ("new-stage-id", "New"),
    ("attempting-stage-id", "Attempting"),
    ("connected-stage-id", "Connected"),
    ("qualified-stage-id", "Qualified"),
    ("unqualified-stage-id", "Unqualified"),
)
