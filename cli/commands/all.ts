import type { Command } from 'commander';
import type { Session } from '../command.js';
import { addAuditCommand } from './audit.js';
import { addBenchCommand } from './bench.js';
import { addBookingCommands } from './booking.js';
import { addDoctorCommand } from './doctor.js';
import { addHoldCommands } from './hold.js';
import { addImportCommand } from './import.js';
import { addKeysCommands } from './keys.js';
import { addLoadtestCommand } from './loadtest.js';
import { addLoginCommands } from './login.js';
import { addMigrateCommand } from './migrate.js';
import { addPaymentCommands } from './payment.js';
import { addVerifyCommand } from './proof.js';
import { addRequestCommands } from './request.js';
import { addSaleCommands } from './sale.js';
import { addScanCommand } from './scan.js';
import { addSeatsCommand } from './seats.js';
import { addShowCommands } from './show.js';
import { addStaffCommands } from './staff.js';
import { addStatsCommand } from './stats.js';
import { addStatusCommand } from './status.js';
import { addUpCommands } from './up.js';

/** Every command, in the order in which help lists them. */
export function addAllCommands(program: Command, session: Session): void {
  addUpCommands(program, session);
  addStatusCommand(program, session);
  addDoctorCommand(program, session);
  addMigrateCommand(program, session);
  addImportCommand(program, session);
  addLoginCommands(program, session);
  addKeysCommands(program, session);
  addStaffCommands(program, session);
  addSaleCommands(program, session);
  addShowCommands(program, session);
  addSeatsCommand(program, session);
  addHoldCommands(program, session);
  addRequestCommands(program, session);
  addBookingCommands(program, session);
  addPaymentCommands(program, session);
  addScanCommand(program, session);
  addStatsCommand(program, session);
  addAuditCommand(program, session);
  addVerifyCommand(program, session);
  addBenchCommand(program, session);
  addLoadtestCommand(program, session);
}
