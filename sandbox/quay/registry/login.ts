import type { Request } from "express";
import { anonymous, type Identity } from "../access.ts";
import { scopes } from "../model.ts";
import type { State } from "../state.ts";
import { badLogin } from "./refusals.ts";
import type { TokenSigner } from "./tokens.ts";

/** A robot's last_accessed is written at most that often (surprise 7). */
const accessedInterval = 60_000;

/** Who a request's Basic credentials belong to; nobody without any. Wrong ones are refused (fact 11, /v2/auth). */
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

/** User and password of an Authorization header, both empty where it is of another kind. */
export function basic(header: string): { readonly user: string; readonly password: string } {
    const [, encoded = ""] = /^basic (.+)$/i.exec(header) ?? [];
    const [, user = "", password = ""] =
        /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, "base64").toString()) ?? [];
    return { user, password };
}

/** The owner of an OAuth token, within the token's scopes. */
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
