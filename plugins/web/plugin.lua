-- Web analytics: views of pages from GA4, Plausible, Umami and analytics-reporter.
-- Which shape becomes what, and why: README.md.

local ga4 = require("ga4")
local plausible = require("plausible")
local reporter = require("reporter")
local umami = require("umami")

-- A Google error says whose it is only in its details; else the platform has to be named.
local function google_error(doc, input)
  if json.kind(json.get(doc, "error.code")) ~= "number" or json.get(doc, "error.message") == nil then return false end
  if json.get(doc, "error.fbtrace_id") ~= nil then return false end
  if input.platform == "web" then return 3 end
  if json.get(doc, "error.status") == nil then return false end
  for _, detail in ipairs(json.kind(doc.error.details) == "array" and doc.error.details or {}) do
    local service = json.get(detail, "metadata.service")
    if json.kind(service) == "string" and service:find("^analytics") then return 5 end
  end
  return json.kind(input.url) == "string" and input.url:find("analytics%a*%.googleapis%.com") ~= nil and 5
end

return {
  name = "web", api = 1, about = "Page views from GA4, Plausible, Umami and analytics-reporter.",
  parsers = {
    ["web.ga4"] = {
      about = "GA4 runReport and batchRunReports: a row per page (and day)",
      match = ga4.match,
      parse = ga4.parse,
    },
    ["web.reporter"] = {
      about = "analytics-reporter, JSON: GA4 rows under names of its own",
      match = reporter.match,
      parse = reporter.parse,
    },
    ["web.reporter_csv"] = {
      about = "analytics-reporter, CSV",
      csv = true, whole = true,
      match = reporter.match_csv,
      parse = reporter.parse_csv,
    },
    ["web.plausible"] = {
      about = "Plausible Stats API v2: values by position, the query beside them",
      match = plausible.match,
      parse = plausible.parse,
    },
    ["web.plausible_v1"] = {
      about = "Plausible Stats API v1: values by name",
      match = plausible.match_v1,
      parse = plausible.parse_v1,
    },
    ["web.umami"] = {
      about = "Umami: metrics per page; totals of the site",
      match = umami.match,
      parse = umami.parse,
    },
    ["web.error_google"] = {
      about = "Google's error envelope",
      match = google_error,
      refuse = { code = { first = { "error.status", "error.code" } }, text = "error.message" },
    },
    ["web.error"] = {
      about = "{error}: Plausible's and Umami's, no more than a text or an object, so the platform has to be named",
      match = function(doc, input)
        return input.platform == "web" and json.kind(doc) == "object"
          and (json.kind(doc.error) == "string" or json.get(doc, "error.message") ~= nil) and 1
      end,
      refuse = { code = { first = { "error.code", "error_code" } }, text = { first = { "error.message", "error" } } },
    },
  },
}
