"""One public function is one act is one transaction."""
