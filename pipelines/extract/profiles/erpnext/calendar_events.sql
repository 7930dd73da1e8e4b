-- Holidays of all lists, without the weekly days off: those are the weekday's own season.
SELECT DISTINCT
    h.holiday_date AS event_on,
    TRIM(REGEXP_REPLACE(h.description, '<[^>]*>', '')) AS name
FROM `tabHoliday` h
WHERE h.parenttype = 'Holiday List' AND h.weekly_off = 0
