import { listingProgram } from "../control/listing.ts";

const HELP = `Blocks a client or a network while the app runs: each of its requests gets 403.

  npx headgate block --ip 203.0.113.0/24 --for 1h --reason "a flood of logins"
  npx headgate block --user ada --for 7d --reason "abuse, ticket 4711"     or --identity tenant=acme
  npx headgate block --key 5Zb0Qk1hV9sT2mXc7yLr4A --for 30m --reason ...   the client key of a line of the log
  npx headgate block list                                                  the blocked clients, with ids
  npx headgate block remove --ip 203.0.113.0/24                            or the id: block remove network:203.0.113.0/24

The command shows the effect, the client and the end, and asks. --yes does not ask, for scripts. --for is
1 second to 30 days. --by is the author, by default the user of this machine. A network larger than /8 of
IPv4 or /16 of IPv6 needs --wide. --json prints the entry, and --policy names another policy.

The block takes effect on each instance whose gate follows what is set (live of headgate/live), from its
second request that is made two seconds later. It replaces an entry that allows the same client. An entry
for one client needs HEADGATE_SECRET; a network does not. Without a terminal and without --yes the status
is 2.
`;

export default listingProgram("block", HELP);
