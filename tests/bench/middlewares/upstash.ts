import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";
import { type NextRequest, NextResponse } from "next/server";

// The usual middleware: the package's sliding window by address, with default settings.
const ratelimit = new Ratelimit({
  redis: Redis.fromEnv(),
  limiter: Ratelimit.slidingWindow(1_000_000_000, "60 s"),
});

export default async function middleware(request: NextRequest) {
  const ip = request.headers.get("x-forwarded-for") ?? "127.0.0.1";
  const { success } = await ratelimit.limit(ip);
  return success ? NextResponse.next() : new NextResponse("Too many requests", { status: 429 });
}

export const config = { matcher: ["/((?!_next/static/).*)"] };
