-- Names the scan that admitted: a scanner that lost the answer asks again under the same name and is told the same.
ALTER TABLE ticket ADD COLUMN used_scan VARCHAR(40) CHARACTER SET ascii NULL
