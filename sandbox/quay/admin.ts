import express, { type Router } from "express";
import { json, nothing } from "./answers.ts";
import { fault, type Faults } from "./faults.ts";
import { send } from "./send.ts";
import type { State } from "./state.ts";
import type { Traffic } from "./traffic.ts";

/**
 * Routes below /_standin, which give other processes what tests in this process do with method
 * calls. They are not logged, and faults do not affect them.
 */
export function adminRouter({
    state,
    traffic,
    faults,
}: {
    state: State;
    traffic: Traffic;
    faults: Faults;
}): Router {
    const router = express.Router();
    router.get("/state", (_request, response) => {
        send(response, json(200, state.dump()));
    });
    router.get("/requests", (_request, response) => {
        send(response, json(200, traffic.requests()));
    });
    router.delete("/requests", (_request, response) => {
        traffic.clear();
        send(response, nothing());
    });
    router.post("/faults", express.json(), (request, response) => {
        const parsed = fault.safeParse(request.body);
        if (parsed.success) faults.add(parsed.data);
        send(response, parsed.success ? nothing() : json(400, { message: parsed.error.message }));
    });
    router.delete("/faults", (_request, response) => {
        faults.clear();
        send(response, nothing());
    });
    return router;
}
