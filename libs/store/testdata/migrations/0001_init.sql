CREATE TABLE notes (id {{id}}, [odd] TEXT DEFAULT 'a;b "c" \n');
-- it's $\{x} ${y} @z@ [[;]]
INSERT INTO notes ([odd]) VALUES ('x');
