import { AnalyzerService } from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import type {
    AnalyzeRequest,
    AnalyzerResource,
    AnalyzeStackRequest,
} from "@pulumi/pulumi/proto/analyzer_pb.js";
import { decode, encode, isList, isObject, Secret, unknown } from "../quay/definition/values.ts";
import type { Properties, Value } from "../quay/definition/values.ts";

/**
 * What the policy SDK does not tell. It opens secrets before a policy sees them, so that a policy cannot know that one is encrypted, and it
 * stops a policy at the first value that a preview does not know yet. So each request is read before the SDK gets it:
 *
 * - the properties are kept as they came, with their secrets marked, for who asks for them by URN;
 * - what is not known yet is left out: `up` asks again, with everything known, before it makes the resource.
 */
const inputs = new Map<string, Properties>();
const outputs = new Map<string, Properties>();

/** The inputs of a resource that was asked about, its secrets marked; undefined where the program does not declare it (any more). */
export const inputsOf = (urn: string): Properties | undefined => inputs.get(urn);

/** The outputs of a resource of the stack, its secrets marked. */
export const outputsOf = (urn: string): Properties | undefined => outputs.get(urn);

/** Begins to read the requests; before the policy pack is made. */
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
