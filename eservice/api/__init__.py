"""The e-service API for partners: `/api/v1/cases`, for residents, partner systems and their officers."""
