create table customers (
  id integer primary key, name text not null, phone text, email text, city text,
  is_active boolean not null default true, updated_at timestamptz not null);
insert into customers values
  (101, 'Айгүл Серікқызы ', '8 (701) 555-01-12', 'Aigul@Example.KZ', 'Алматы', true, '2026-01-05 10:00:00+05'),
  (102, 'Иван Петров', '+7 777 300 40 50', 'ivan.petrov@example.kz', 'Қостанай', true, '2026-01-05 11:30:00+05'),
  (103, 'ТОО «Бәйтерек»', null, 'office.example.kz', 'Астана', true, '2026-01-05 12:00:00+05'),
  (104, 'Марат Оспанов', '+7 705 111 22 33', null, 'Ақтау', false, '2026-01-05 18:45:10+05'),
  (105, 'Сания Төлеген', '701 22', 'saniya@example.kz', 'Орал', true, '2026-01-05 19:00:00+05');
