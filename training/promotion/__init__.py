"""Champion and challenger: tracking, comparison, gate, promotion, reproduction."""
