import { Refusal } from "./answers.ts";

/** The rate limits of a token. */
export interface RateLimits {
    /** The primary limit: requests in a window. Default: 5000 an hour, as for users. */
    readonly primary?: { readonly requests: number; readonly seconds: number };
    /**
     * A secondary limit: writes in any minute, and the wait that GitHub then asks for. GitHub's own
     * is 80. Default: none.
     */
    readonly secondary?: { readonly writesPerMinute: number; readonly retryAfter: number };
}

interface Usage {
    used: number;
    /** The end of the window, in Unix seconds. */
    reset: number;
    /** The times of writes, in Unix milliseconds. */
    writes: number[];
}

const documentation =
    "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api";

/** Counts each token's requests. */
export class Limiter {
    private limits: Required<Pick<RateLimits, "primary">> & RateLimits = {
        primary: { requests: 5000, seconds: 3600 },
    };
    private usage = new Map<string, Usage>();

    /** Sets other limits, and restarts the counts. */
    set(limits: RateLimits): void {
        this.limits = { primary: { requests: 5000, seconds: 3600 }, ...limits };
        this.usage.clear();
    }

    /**
     * Counts a request.
     * @throws Refusal if the token has reached its limit
     */
    count(token: string, method: string): void {
        const usage = this.usageOf(token);
        if (usage.used >= this.limits.primary.requests) {
            throw new Refusal(
                403,
                "API rate limit exceeded",
                {},
                { documentation_url: documentation },
            );
        }
        usage.used += 1;
        if (method !== "GET") this.countWrite(usage);
    }

    /** The remaining requests of a token, as GET /rate_limit shows them. */
    rate(token: string): {
        readonly limit: number;
        readonly used: number;
        readonly remaining: number;
        readonly reset: number;
    } {
        const { used, reset } = this.usageOf(token);
        const limit = this.limits.primary.requests;
        return { limit, used, remaining: limit - used, reset };
    }

    headers(token: string): Readonly<Record<string, string>> {
        const { limit, used, remaining, reset } = this.rate(token);
        return {
            "x-ratelimit-limit": String(limit),
            "x-ratelimit-used": String(used),
            "x-ratelimit-remaining": String(remaining),
            "x-ratelimit-reset": String(reset),
            "x-ratelimit-resource": "core",
        };
    }

    /** Does not count a conditional request whose answer has not changed. */
    refund(token: string): void {
        this.usageOf(token).used -= 1;
    }

    private countWrite(usage: Usage): void {
        const { secondary } = this.limits;
        if (secondary === undefined) return;
        const now = Date.now();
        usage.writes = usage.writes.filter((time) => time > now - 60_000);
        if (usage.writes.length >= secondary.writesPerMinute) {
            throw new Refusal(
                403,
                "You have exceeded a secondary rate limit. " +
                    "Please wait a few minutes before you try again.",
                { "retry-after": String(secondary.retryAfter) },
                { documentation_url: `${documentation}#about-secondary-rate-limits` },
            );
        }
        usage.writes.push(now);
    }

    private usageOf(token: string): Usage {
        const now = Date.now() / 1000;
        const known = this.usage.get(token);
        if (known !== undefined && known.reset > now) return known;
        const fresh: Usage = {
            used: 0,
            reset: Math.ceil(now + this.limits.primary.seconds),
            writes: known?.writes ?? [],
        };
        this.usage.set(token, fresh);
        return fresh;
    }
}
