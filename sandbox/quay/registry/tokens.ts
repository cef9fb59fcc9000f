import { randomBytes } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { z } from "zod";

/** The actions on a repository, as registry tokens name them. */
export const actions = ["pull", "push", "*"] as const;
export type Action = (typeof actions)[number];

export interface Access {
    /** NAMESPACE/NAME */
    readonly name: string;
    readonly actions: readonly Action[];
}

export interface Bearer {
    readonly username: string | undefined;
    readonly access: readonly Access[];
}

const claims = z.object({
    sub: z.string(),
    access: z.array(
        z.object({
            type: z.literal("repository"),
            name: z.string(),
            actions: z.array(z.enum(actions)),
        }),
    ),
});

const nobody = "(anonymous)";

/**
 * Issues the tokens that this Quay signs: for the registry, and for robots that log in by
 * federation.
 */
export class TokenSigner {
    private readonly secret = randomBytes(32);
    /** The server's host and port. */
    readonly host: string;

    constructor(host: string) {
        this.host = host;
    }

    /**
     * Creates a token for the registry. It is valid for an hour, even if the permissions change.
     */
    forRegistry(username: string | undefined, access: readonly Access[]): Promise<string> {
        return this.sign(username ?? nobody, {
            access: access.map((entry) => ({ type: "repository", ...entry })),
        });
    }

    /**
     * Creates a password for a robot that authenticated by federation, with the claims iss, aud and
     * sub.
     */
    forRobot(username: string): Promise<string> {
        return this.sign(username, { federated: true });
    }

    async readRegistryToken(token: string): Promise<Bearer | undefined> {
        const parsed = claims.safeParse(await this.verified(token));
        if (!parsed.success) return undefined;
        return {
            username: parsed.data.sub === nobody ? undefined : parsed.data.sub,
            access: parsed.data.access,
        };
    }

    /** Returns whether a robot's password is a token from federation. */
    async isRobotToken(token: string, username: string): Promise<boolean> {
        const payload = await this.verified(token);
        return payload !== undefined && payload["federated"] === true && payload.sub === username;
    }

    private sign(subject: string, payload: Readonly<Record<string, unknown>>): Promise<string> {
        return new SignJWT({ ...payload })
            .setProtectedHeader({ alg: "HS256", typ: "JWT" })
            .setIssuer("quay")
            .setAudience(this.host)
            .setSubject(subject)
            .setIssuedAt()
            .setExpirationTime("1 hour")
            .sign(this.secret);
    }

    private async verified(token: string) {
        try {
            return (await jwtVerify(token, this.secret, { issuer: "quay", audience: this.host }))
                .payload;
        } catch {
            return undefined;
        }
    }
}
