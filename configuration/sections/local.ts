/** `mlops:local`: how the service runs on this machine's Docker engine. */
import { z } from "zod";
import { port, text } from "./values.ts";

export const local = z
    .strictObject({
        port: port
            .default(8080)
            .describe(
                "The port on this machine (loopback only): http://localhost:PORT. Default: 8080.",
            ),
        memory: z.int().min(16).default(512).describe("The memory limit in MiB. Default: 512."),
        cpus: z.number().min(0.1).default(1).describe("The CPU limit in cores. Default: 1."),
        healthTimeout: z
            .int()
            .min(1)
            .max(3600)
            .default(180)
            .describe(
                "How many seconds the service, or the identity provider, may take until it " +
                    "works. " +
                    "Default: 180.",
            ),
        example: text
            .optional()
            .describe(
                "A shell command with an example request, which `make up` prints once the " +
                    "service " +
                    "works. `{url}` stands for the service's URL, `{token}` for an access token. " +
                    "Default: none.",
            ),
    })
    .prefault({});
