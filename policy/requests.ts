import { AnalyzerService } from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import type {
    AnalyzeRequest,
    AnalyzerResource,
    AnalyzeStackRequest,
} from "@pulumi/pulumi/proto/analyzer_pb.js";
import { decode, encode, isList, isObject, Secret, unknown } from "../quay/definition/values.ts";
import type { Properties, Value } from "../quay/definition/values.ts";

/**
 * Reads the engine's requests before the policy SDK does. The SDK opens secrets before a policy
 * gets them, so a policy cannot see whether one is encrypted. And it stops a policy at the first
 * value that is unknown in a preview. Therefore:
 *
 * - the properties are kept as received, with their secrets marked, and can be read by URN;
 * - unknown values are left out: `up` checks again, with all values, before it creates a resource.
 */
const inputs = new Map<string, Properties>();
const outputs = new Map<string, Properties>();

/**
 * Returns the inputs of a checked resource, with secrets marked; undefined if the program does not
 * declare it (any more).
 */
export const inputsOf = (urn: string): Properties | undefined => inputs.get(urn);

/** Returns the outputs of a resource in the stack, with secrets marked. */
export const outputsOf = (urn: string): Properties | undefined => outputs.get(urn);

/** Starts to read the requests. Call it before the policy pack is created. */
export function readRequests(): void {
    const { analyze, analyzeStack } = AnalyzerService;
    const [ofResource, ofStack] = [analyze.requestDeserialize, analyzeStack.requestDeserialize];
    analyze.requestDeserialize = (bytes): AnalyzeRequest => {
        const request = ofResource(bytes);
        keep(request, inputs);
        return request;
    };
    analyzeStack.requestDeserialize = (bytes): AnalyzeStackRequest => {
        const request = ofStack(bytes);
        for (const resource of request.getResourcesList()) keep(resource, outputs);
        return request;
    };
}

function keep(resource: AnalyzeRequest | AnalyzerResource, where: Map<string, Properties>): void {
    const properties = decode(resource.getProperties());
    where.set(resource.getUrn(), properties);
    resource.setProperties(encode(known(properties)));
}

function known(properties: Properties): Properties {
    const entries = Object.entries(properties).filter(([, value]) => !isUnknown(value));
    return Object.fromEntries(entries.map(([key, value]) => [key, knownValue(value)]));
}

function knownValue(value: Value): Value {
    if (value instanceof Secret) return new Secret(knownValue(value.value));
    if (isList(value)) return value.filter((item) => !isUnknown(item)).map(knownValue);
    return isObject(value) ? known(value) : value;
}

function isUnknown(value: Value): boolean {
    return value === unknown || (value instanceof Secret && isUnknown(value.value));
}
