-- Whether a batch names a file is asked when the file's row goes: not by a walk through all batches (L2).
drop index concurrently if exists batches_input_file;
create index concurrently batches_input_file on batches (input_file_id);
drop index concurrently if exists batches_output_file;
create index concurrently batches_output_file on batches (output_file_id) where output_file_id is not null;
drop index concurrently if exists batches_error_file;
create index concurrently batches_error_file on batches (error_file_id) where error_file_id is not null;
