/** What a service's pods may be reached by and may reach. */
import { BlockList, isIPv6 } from "node:net";
import type { types } from "@pulumi/kubernetes";

type NetworkPolicySpec = types.input.networking.v1.NetworkPolicySpec;

/** Addresses that a service may connect to. */
export interface Egress {
    /** A network in CIDR notation, such as 10.0.0.0/8. */
    readonly cidr: string;
    /** TCP ports. Default: all. */
    readonly ports?: readonly number[] | undefined;
}

/**
 * The clouds' metadata servers give credentials of the node to whoever asks. They are link-local,
 * but for one address of AWS and one of Alibaba's.
 */
const metadataServers = ["169.254.0.0/16", "100.100.100.200/32", "fe80::/10", "fd00:ec2::254/128"];

/** DNS, and its port in the pods of OpenShift's DNS. */
const dnsPorts = [53, 5353];

/**
 * Returns the rules of a service's pods: only the service's port is reached, from anywhere in the
 * cluster or from its routers; only DNS and the configured networks are connected to, and never a
 * metadata server.
 */
export function networkPolicySpec(
    selector: Readonly<Record<string, string>>,
    egress: readonly Egress[],
): NetworkPolicySpec {
    return {
        podSelector: { matchLabels: selector },
        policyTypes: ["Ingress", "Egress"],
        ingress: [{ ports: [{ port: "http", protocol: "TCP" }] }],
        egress: [
            {
                ports: dnsPorts.flatMap((port) =>
                    ["UDP", "TCP"].map((protocol) => ({ port, protocol })),
                ),
            },
            ...egress.map(({ cidr, ports }) => ({
                to: [{ ipBlock: { cidr, ...exceptions(cidr) } }],
                ...(ports !== undefined && {
                    ports: ports.map((port) => ({ port, protocol: "TCP" })),
                }),
            })),
        ],
    };
}

/** Returns the metadata servers' addresses that lie in a network. */
function exceptions(cidr: string): { except?: string[] } {
    const except = metadataServers.filter((server) => contains(cidr, addressOf(server)));
    return except.length === 0 ? {} : { except };
}

/** Returns whether an address lies in a network. */
function contains(cidr: string, address: string): boolean {
    const network = addressOf(cidr);
    if (isIPv6(network) !== isIPv6(address)) return false;
    const family = isIPv6(network) ? "ipv6" : "ipv4";
    const block = new BlockList();
    block.addSubnet(network, Number(cidr.slice(network.length + 1)), family);
    return block.check(address, family);
}

function addressOf(cidr: string): string {
    return cidr.replace(/\/.*/, "");
}
