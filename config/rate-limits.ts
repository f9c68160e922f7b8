import { identities } from "#config/identities";
import { definePolicy } from "headgate";

export default definePolicy({
  identities,
  defaults: { onStoreFailure: "allow" },
  exempt: {
    "/api/health": "a load balancer asks every second",
    "/api/health/:path*": "a load balancer asks every second",
    "/api/metrics": "a scraper comes every few seconds with a token",
  },
  rules: {
    // The headers make every response no-store, so that no cache returns one client's counts to
    // another.
    api: { match: "/api/:path*", limits: { ip: "600 per minute" }, headers: "always" },
    search: { match: "/api/search", limits: { ip: "10 per minute" }, headers: "always" },
    recommend: { match: "/api/add-artist/recommend", limits: { ip: "5 per hour" } },
    "profile-update": {
      match: "/api/dashboard/profile/update",
      limits: { user: "20 per hour" },
    },
    "profile-delete": {
      match: "/api/dashboard/profile/delete",
      limits: { user: "3 per day" },
    },
    instagram: {
      match: ["/api/dashboard/portfolio/fetch-instagram", "/api/onboarding/fetch-instagram"],
      limits: { "user|ip": "5 per hour" },
      onStoreFailure: "local",
    },
    sync: { match: "/api/dashboard/sync/trigger", limits: { user: "20 per hour" } },
    onboarding: {
      match: ["/api/onboarding/update-session", "/api/onboarding/finalize"],
      limits: { ip: "30 per hour" },
    },
    pipeline: {
      match: ["/api/admin/pipeline/retry", "/api/admin/pipeline/trigger"],
      limits: { user: "30 per minute" },
      onStoreFailure: "deny",
    },
    analytics: { match: "/api/analytics/track", limits: { ip: "120 per minute" } },
    // Opening the page takes five requests, and then one every five minutes. Many pages may open at
    // once after a deploy.
    dashboard: { match: "/dashboard/:path*", limits: { ip: "1200 per minute" } },
    // Checking a password costs work whatever the result, so every attempt counts at the edge.
    "login-posts": {
      match: ["/login", "/api/login", "/sample/sign-in", "/dashboard/sign-in/session"],
      methods: ["POST"],
      limits: { ip: "30 per minute" },
    },
    // This rule has no match: the login calls it, because only the login knows the account. Success is
    // refunded.
    login: {
      limits: { ip: "20 per 15 minutes", account: "5 per 15 minutes" },
      onStoreFailure: "local",
    },
  },
});
