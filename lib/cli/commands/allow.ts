import { listingProgram } from "../control/listing.ts";

const HELP = `Allows a client or a network without counting it, while the app runs. It takes precedence over blocks.

  npx headgate allow --user ada --for 2h --reason "her import runs"        or --identity tenant=acme
  npx headgate allow --ip 198.51.100.7 --for 1d --reason "load test"
  npx headgate allow --key 5Zb0Qk1hV9sT2mXc7yLr4A --for 30m --reason ...   the client key of a line of the log
  npx headgate allow list                                                  the allowed clients, with ids
  npx headgate allow remove --user ada                                     or the id: allow remove client:5Zb0...

The command shows the effect, the client and the end, and asks. --yes does not ask, for scripts. --for is
1 second to 30 days. --by is the author, by default the user of this machine. A network larger than /8 of
IPv4 or /16 of IPv6 needs --wide. --json prints the entry, and --policy names another policy.

The entry takes effect on each instance whose gate follows what is set (live of headgate/live), from its
second request that is made two seconds later. It replaces a block of the same client. An entry for one
client needs HEADGATE_SECRET; a network does not. Without a terminal and without --yes the status is 2.
`;

export default listingProgram("allow", HELP);
