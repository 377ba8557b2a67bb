/** A member of an account as it is kept: who it is and what it may do. */

export type MemberRole = 'owner' | 'resource_modifier' | 'member';
export type NewMember = { name: string; email: string; role: MemberRole };
/** `confirmed`: mail goes to the address. */
export type Member = NewMember & { id: string; confirmed: boolean };

export const MEMBER_COLUMNS = 'id, name, email, role, confirmed_at is not null as confirmed';
