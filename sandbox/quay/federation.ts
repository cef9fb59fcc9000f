import {
    createLocalJWKSet,
    createRemoteJWKSet,
    decodeJwt,
    errors,
    type JSONWebKeySet,
    jwtVerify,
} from "jose";
import express, { type Router } from "express";
import { z } from "zod";
import { internalError, json, message, page, Refusal } from "./answers.ts";
import { basic } from "./registry/login.ts";
import type { TokenSigner } from "./registry/tokens.ts";
import { send } from "./send.ts";
import type { Robot } from "./model.ts";
import type { State } from "./state.ts";
import type { Traffic } from "./traffic.ts";

/** The issuers whose tokens a federated robot may present. */
export interface TrustedIssuers {
    /** The keys of issuers by their URL, for issuers that cannot be reached. */
    readonly keys?: Readonly<Record<string, JSONWebKeySet>>;
    /** Whether to fetch keys from http:// URLs too, which Quay does not. */
    readonly allowHttp?: boolean;
}

interface FederationContext {
    readonly state: State;
    readonly signer: TokenSigner;
    readonly traffic: Traffic;
    readonly url: string;
    readonly issuers: TrustedIssuers;
}

/** How long after its expiry a token is still accepted. */
const leeway = 30;

/**
 * /oauth2/federation/robot/token: exchanges the token of an issuer that a robot is federated with
 * for a password of the robot.
 */
export function federationRouter(context: FederationContext): Router {
    const router = express.Router({ strict: true });
    router.get("/robot/token", async (request, response) => {
        const { username, token } = credentials(request.get("authorization"));
        context.traffic.identify(response, username);
        const robot = context.state.robot(username);
        if (robot === undefined)
            throw message(400, `Could not find robot with username: ${username}`);
        await verify(context.issuers, robot, token);
        send(response, json(200, { token: await context.signer.forRobot(username) }));
    });
    router.use((_request, response) => {
        send(response, page(405, "The method is not allowed for the requested URL."));
    });
    return router;
}

/** Error shape 3 as JSON, with 401. */
const refused = (error: string): Refusal => new Refusal(() => json(401, { error }));

function credentials(header: string | undefined): {
    readonly username: string;
    readonly token: string;
} {
    if (header === undefined) throw refused("No auth header");
    if (!/^basic /i.test(header)) throw refused("Invalid basic auth header");
    const { user, password } = basic(header);
    if (!user.includes("+")) throw refused("Invalid robot");
    return { username: user, token: password };
}

async function verify(issuers: TrustedIssuers, robot: Robot, token: string): Promise<void> {
    const { iss = "", sub = "" } = claimsOf(token);
    const known = robot.federation.filter(({ issuer }) => issuer === iss);
    if (known.length === 0) throw message(400, `issuer ${iss} not configured for this robot`);
    try {
        await jwtVerify(token, await keysOf(issuers, iss), { clockTolerance: leeway });
    } catch (error) {
        throw error instanceof errors.JOSEError ? message(400, error.message) : error;
    }
    if (!known.some(({ subject }) => subject === sub))
        throw message(400, `robot federation is not configured for subject ${sub}`);
}

/** Decodes the token. One that is not a JWT is 500. */
function claimsOf(token: string) {
    try {
        return decodeJwt(token);
    } catch {
        throw internalError();
    }
}

/** Fetches the keys that an issuer publishes. An http:// URL is 500. */
async function keysOf({ keys = {}, allowHttp = false }: TrustedIssuers, issuer: string) {
    const given = keys[issuer];
    if (given !== undefined) return createLocalJWKSet(given);
    if (!issuer.startsWith("https://") && !allowHttp) throw internalError();
    const answer = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
    const { jwks_uri } = z.object({ jwks_uri: z.url() }).parse(await answer.json());
    return createRemoteJWKSet(new URL(jwks_uri));
}
