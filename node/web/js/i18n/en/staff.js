// The staff: who they are, and the log of what was done by power over others.

export default {
  'staff.part': 'Keeping order',
  'staff.title': 'Staff',
  'staff.moderator': 'Moderator',
  'staff.admin': 'Admin',
  'staff.by': 'appointed by @{by}',
  'staff.appoint': 'Appoint',
  'staff.as': 'As what',
  'staff.dismiss': 'Dismiss',
  'staff.dismissText': '@{user} will no longer see reports or the log.',

  'audit.title': 'Audit log',
  'audit.appointed': '{by} appointed {user}: {role}',
  'audit.dismissed': '{by} dismissed {user}',
  'audit.report': '{by} moved a report: {state}',
  'deed.kicked': '{by} removed {user} from {room}',
  'deed.role': '{by} made {user} {role} in {room}',
  'deed.banned': '{by} banned {user} from {room}',
  'deed.unbanned': '{by} lets {user} into {room} again',
  'deed.muted': '{by} muted {user} in {room}',
  'deed.unmuted': '{by} lets {user} speak in {room} again',
  'deed.archived': '{by} archived {room}',
  'deed.unarchived': '{by} took {room} out of the archive',
  'deed.deleted': '{by} deleted a room',
  'deed.message_deleted': '{by} deleted a message of {user} in {room}',
};
