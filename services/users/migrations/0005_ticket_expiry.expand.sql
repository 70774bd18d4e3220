-- Tickets that nobody used are thrown away by it.
CREATE INDEX password_tickets_expire ON password_tickets (expire_time);
