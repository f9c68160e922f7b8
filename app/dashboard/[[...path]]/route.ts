import { adminName, isAdmin } from "#app/_domain/auth/current";
import { gate } from "#app/_domain/gate";
import { createDashboard } from "headgate/dashboard";

export const GET = createDashboard(gate, { authorize: isAdmin, admin: adminName });
export const POST = GET;
