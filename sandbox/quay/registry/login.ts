import type { Request } from "express";
import { anonymous, type Identity } from "../access.ts";
import { scopes } from "../model.ts";
import type { State } from "../state.ts";
import { badLogin } from "./refusals.ts";
import type { TokenSigner } from "./tokens.ts";

/** The minimum interval between updates of a robot's last_accessed. */
const accessedInterval = 60_000;

/**
 * Returns the owner of a request's Basic credentials; anonymous without any.
 * @throws Refusal if they are wrong
 */
export async function login(
    state: State,
    signer: TokenSigner,
    request: Request,
    url: string,
): Promise<Identity> {
    const header = request.get("authorization");
    if (header === undefined) return anonymous;
    const { user, password } = basic(header);
    if (user === "$oauthtoken") return tokenOwner(state, password, url);
    return user.includes("+")
        ? robot(state, signer, user, password, url)
        : person(state, user, password, url);
}

/** Reads user and password from an Authorization header. Both are empty for another scheme. */
export function basic(header: string): { readonly user: string; readonly password: string } {
    const [, encoded = ""] = /^basic (.+)$/i.exec(header) ?? [];
    const [, user = "", password = ""] =
        /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, "base64").toString()) ?? [];
    return { user, password };
}

/** Returns the owner of an OAuth token, limited to the token's scopes. */
function tokenOwner(state: State, value: string, url: string): Identity {
    const token = state.tokens.get(value);
    if (token === undefined || token.expires.getTime() <= Date.now()) {
        throw badLogin(url, "OAuth access token could not be validated");
    }
    return { username: token.user, scopes: token.scopes };
}

async function robot(
    state: State,
    signer: TokenSigner,
    username: string,
    password: string,
    url: string,
): Promise<Identity> {
    const found = state.robot(username);
    if (
        found === undefined ||
        (found.token !== password && !(await signer.isRobotToken(password, username)))
    ) {
        throw badLogin(
            url,
            `Could not find robot with username: ${username} and supplied password.`,
        );
    }
    if (Date.now() - (found.lastAccessed?.getTime() ?? 0) > accessedInterval)
        found.lastAccessed = new Date();
    return { username, scopes: new Set(scopes) };
}

function person(state: State, username: string, password: string, url: string): Identity {
    const account = state.accounts.get(username);
    if (account?.kind !== "user" || account.password !== password)
        throw badLogin(url, "Invalid Username or Password");
    return { username, scopes: new Set(scopes) };
}
